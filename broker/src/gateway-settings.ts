import type { BrokerSettings } from './config/broker-settings.ts'
import type { GatewayLimits } from './gateway/limits.ts'

/** What of a broker's settings bounds its gateway. */
export function gatewayLimits(settings: BrokerSettings): Partial<GatewayLimits> {
  const { maxBatchBytes, maxFrameBytes, maxConnections, maxWebSockets, maxReceiveBytes, requestTimeoutMs } = settings
  return { maxBatchBytes, maxFrameBytes, maxConnections, maxWebSockets, maxReceiveBytes, requestTimeoutMs }
}
