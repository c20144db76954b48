import type { GroupId, Message } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { HeartbeatMessage, HeartbeatReplyMessage } from '../../raft/messages.ts'
import type { FrameChannel } from './frame-channel.ts'

/**
 * Gathers one turn's heartbeats of all groups to one peer into one frame each way (M87): their number does not grow
 * with the groups.
 */
export class HeartbeatFrames {
  readonly #clock: Clock
  readonly #channel: FrameChannel
  #beats: Message<'Heartbeats'>['beats'] = []
  #replies: Message<'HeartbeatReplies'>['beats'] = []
  readonly #flush = () => this.#send()

  constructor(clock: Clock, channel: FrameChannel) {
    this.#clock = clock
    this.#channel = channel
  }

  addHeartbeat(group: GroupId, message: HeartbeatMessage): void {
    const { term, commit, sentAt, sleep = false, acknowledged = 0, round = 0 } = message
    this.#schedule()
    this.#beats.push({ group, term, commit, sentAt, sleep, acknowledged, round })
  }

  addReply(group: GroupId, message: HeartbeatReplyMessage): void {
    const { term, lastIndex, sentAt, asleep = false, admission = 0, round = 0 } = message
    this.#schedule()
    this.#replies.push({ group, term, lastIndex, sentAt, asleep, admission, round })
  }

  #schedule(): void {
    if (this.#beats.length === 0 && this.#replies.length === 0) this.#clock.soon(this.#flush)
  }

  #send(): void {
    const [beats, replies] = [this.#beats, this.#replies]
    this.#beats = []
    this.#replies = []
    if (beats.length > 0) this.#channel.send('Heartbeats', { beats })
    if (replies.length > 0) this.#channel.send('HeartbeatReplies', { beats: replies })
  }
}
