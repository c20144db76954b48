import { type OpenCallChannel, silentChannel } from './call-channel.ts'

export const callChannel: OpenCallChannel = () => silentChannel
