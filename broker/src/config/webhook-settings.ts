import type { BrokerSettings, SettingName } from './broker-settings.ts'
import type { Setting } from './setting.ts'
import { fileOrNone, hostNames } from './setting-kinds.ts'

type WebhookSettingName = Extract<SettingName, `webhook${string}`>

/** Rows of the table of settings: whom brokers may call. */
export const webhookSettings: { readonly [Name in WebhookSettingName]: Setting<BrokerSettings[Name]> } = {
  webhookHosts: {
    kind: hostNames,
    fallback: { value: [] },
    about:
      'Hosts that brokers may call for subscriptions to durable streams, over https, or over http as localhost and 127.0.0.1; * for any on the internet. None: brokers call nobody. Addresses of private networks are never called. The same on all brokers.',
  },
  webhookKeyFile: {
    kind: fileOrNone,
    fallback: { value: '' },
    about:
      'File with the Ed25519 keys of webhooks (PEM, PKCS #8), needed with webhookHosts: the first one signs, the public halves of all are told. The same on all brokers.',
  },
}
