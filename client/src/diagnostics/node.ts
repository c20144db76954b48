import diagnostics from 'node:diagnostics_channel'
import { type OpenCallChannel, silentChannel } from './call-channel.ts'

export const callChannel: OpenCallChannel = (name) => {
  // Other runtimes have the module without it.
  if (typeof diagnostics.tracingChannel !== 'function') return silentChannel
  const channel = diagnostics.tracingChannel<unknown, object>(name)
  const { start, end, asyncStart, asyncEnd, error } = channel
  return {
    // Asked for each record, so without a loop.
    get hasSubscribers() {
      return (
        start.hasSubscribers ||
        end.hasSubscribers ||
        asyncStart.hasSubscribers ||
        asyncEnd.hasSubscribers ||
        error.hasSubscribers
      )
    },
    tell: (about, call) => channel.tracePromise(call, about),
  }
}
