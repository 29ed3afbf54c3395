/** An empty page: the floor. */
export {};
