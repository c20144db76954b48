import { TailraceError } from '@tailrace/schemas'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import type { Clock } from '../../platform/clock.ts'
import { signingKeys } from '../../platform/node/webhooks/signing-keys.ts'
import { webhookClient } from '../../platform/node/webhooks/webhook-client.ts'
import { isLocalHost, Webhooks } from '../../streams/subscriptions/webhooks.ts'

export interface WebhooksDeps {
  readonly read: (path: string) => Promise<string>
  readonly clock: Clock
}

/**
 * What sends webhooks, to the hosts that the operator has named; null where none is.
 * @throws TailraceError INVALID_SETTING: the file of keys cannot be used
 */
export async function openWebhooks(
  { webhookHosts: hosts, webhookKeyFile: path }: Pick<BrokerSettings, 'webhookHosts' | 'webhookKeyFile'>,
  { read, clock }: WebhooksDeps,
): Promise<Webhooks | null> {
  if (hosts.length === 0) return null
  try {
    if (path === '') throw new Error('webhookHosts needs a file of keys')
    const keys = signingKeys(await read(path))
    return new Webhooks({ port: webhookClient(isLocalHost), hosts, keys, clock })
  } catch (cause) {
    throw new TailraceError('INVALID_SETTING', `webhookKeyFile: ${(cause as Error).message}.`, { cause })
  }
}
