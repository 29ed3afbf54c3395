declare const __LOCAL_ABLY__: boolean;
