/**
 * Why work for a client is given up: the client has left, or wants something else. One for all: without a reason of ours, each `abort` makes an exception with a stack of its own, which takes
 * longer than all else that is done for a subscription.
 */
export const nobodyWaits = new Error('Nobody waits for this any more.')
