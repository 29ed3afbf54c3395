console.log("hi", __LOCAL_ABLY__);
