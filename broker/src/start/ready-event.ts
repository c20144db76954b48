import type { TlsMode } from '../config/broker-settings.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'

const LOOK_EVERY_MS = 50

/** Where a broker that runs is reached: `host:port` with the real ports; no `peer`: a cascade broker. */
interface Reached {
  readonly http: string
  readonly peer?: string
  readonly tls: TlsMode
}

/** Logs "ready" with the addresses, once: when clients may be sent here for the first time. */
export function logWhenReady(
  api: { readiness(): { readonly ready: boolean } },
  { http, peer, tls }: Reached,
  clock: Clock,
  logger: Logger,
): { cancel(): void } {
  const url = `${tls === 'required' ? 'https' : 'http'}://${http}`
  const looking = clock.every(LOOK_EVERY_MS, () => {
    if (!api.readiness().ready) return
    looking.cancel()
    logger.info({ http: url, ...(peer !== undefined && { peer }), console: `${url}/console/` }, 'ready')
  })
  return looking
}
