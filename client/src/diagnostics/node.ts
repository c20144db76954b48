import diagnostics from 'node:diagnostics_channel'
import { type OpenCallChannel, silentChannel } from './call-channel.ts'

export const callChannel: OpenCallChannel = (name) => {
  // Other runtimes have the module without it.
  if (typeof diagnostics.tracingChannel !== 'function') return silentChannel
  const channel = diagnostics.tracingChannel<unknown, object>(name)
  const channels = [channel.start, channel.end, channel.asyncStart, channel.asyncEnd, channel.error]
  return {
    get hasSubscribers() {
      for (const one of channels) if (one.hasSubscribers) return true
      return false
    },
    tell: (about, call) => channel.tracePromise(call, about),
  }
}
