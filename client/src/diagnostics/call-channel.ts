/** A channel on which calls are told to those that have subscribed (TracingChannel of node:diagnostics_channel). */
export interface CallChannel {
  /** False: `tell` is not needed. */
  readonly hasSubscribers: boolean
  /** Runs the call and tells its start and end; `about` goes to subscribers, which add nothing to it. */
  tell<Result>(about: object, call: () => Promise<Result>): Promise<Result>
}

/** `name`: what stands between `tracing:` and `:start`. For Node and for browsers (package.json, "imports"). */
export type OpenCallChannel = (name: string) => CallChannel

/** Where there is no such thing. */
export const silentChannel: CallChannel = { hasSubscribers: false, tell: (_about, call) => call() }
