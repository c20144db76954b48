import type { BrokerSettings } from '../config/broker-settings.ts'
import { splitAddress } from '../config/setting-kinds.ts'
import { hostName } from '../doors/limits/access.ts'
import type { GatewayLimits } from '../doors/limits/limits.ts'
import type { OpenFileBudget } from './open-file-budget.ts'
import { shownSettings } from './shown-settings.ts'

/** Beside its bounds: what a broker's gateway shows to people, and where it listens. */
export function gatewayFace(settings: BrokerSettings, exposures: readonly string[]) {
  const settingsShown = shownSettings(settings)
  return { exposures, settings: settingsShown, listen: splitAddress(settings.http)! }
}

/** The settings of a broker that bound its gateway. */
export function gatewayLimits(settings: BrokerSettings, { clients }: OpenFileBudget): Partial<GatewayLimits> {
  const { maxBatchBytes, segmentBytes, maxFrameBytes, maxReceiveBytes, requestTimeoutMs, cascadeBytesPerSecond } =
    settings
  const { autoCreateTopics, autoCreatePartitions, autoCreateReplicas } = settings
  const maxConnections = Math.min(settings.maxConnections, clients)
  // WebSockets stay: if all connections were WebSockets, no client could send a request over HTTP.
  const maxWebSockets = Math.min(settings.maxWebSockets, Math.ceil(maxConnections * 0.75))
  const own = [settings.http, settings.advertisedHttp].map(hostName)
  return {
    maxBatchBytes,
    segmentBytes,
    autoCreateTopics,
    autoCreatePartitions,
    autoCreateReplicas,
    maxFrameBytes,
    maxConnections,
    maxWebSockets,
    maxReceiveBytes,
    requestTimeoutMs,
    cascadeBytesPerSecond,
    hosts: [...own, ...settings.hosts],
    readOrigins: settings.readOrigins,
    writeOrigins: settings.writeOrigins,
  }
}
