/**
 * The reason to give up work for a client: the client has left, or wants other work. One for all: without a reason of
 * ours, each `abort` makes an exception with a stack of its own, which takes longer than all other work for a
 * subscription.
 */
export const noLongerWanted = new Error('The client does not wait for this any more.')
