import type { Clock } from '../../platform/clock.ts'
import type { SigningKey, WebhookPort } from '../../platform/webhook-port.ts'
import { DeliveryPlaces } from './delivery-places.ts'

export interface WebhooksDeps {
  readonly port: WebhookPort
  /** Names of hosts that may be called; `*`: any. */
  readonly hosts: readonly string[]
  /** The first one signs; the others are still told to receivers. */
  readonly keys: readonly SigningKey[]
  readonly clock: Pick<Clock, 'now'>
}

/** Wakes that are sent to receivers over HTTP, signed, to hosts that the operator allows. */
export class Webhooks {
  readonly #deps: WebhooksDeps
  readonly #places = new DeliveryPlaces()

  /** `keys`: one or more. */
  constructor(deps: WebhooksDeps) {
    this.#deps = deps
  }

  get kid(): string {
    return this.#deps.keys[0]!.kid
  }

  get keySet(): object {
    return { keys: this.#deps.keys.map(({ kid, jwk }) => ({ ...jwk, kid, use: 'sig', alg: 'EdDSA' })) }
  }

  /** Why nothing is sent to this address; null: it may be. */
  refusalOf(address: string): string | null {
    const url = URL.parse(address)
    if (url === null) return 'webhook.url is no address.'
    const { protocol, username, password } = url
    const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '')
    if (username !== '' || password !== '') return 'webhook.url has no user or password.'
    if (protocol === 'http:' && !isLocalHost(host)) return 'webhook.url begins with https://, except on this machine.'
    if (protocol !== 'http:' && protocol !== 'https:') return 'webhook.url begins with https://.'
    if (!isLocalHost(host) && this.#deps.port.isPublic(host) === false)
      return 'webhook.url is no address of a local network.'
    const { hosts } = this.#deps
    const isAllowed = hosts.includes(host) || (hosts.includes('*') && !isLocalHost(host))
    return isAllowed ? null : 'The operator of the brokers does not allow this host (webhookHosts).'
  }

  /**
   * Returns whether the receiver is done with the wake.
   * @throws Error the receiver has not taken it
   */
  async send(address: string, body: string, signal: AbortSignal): Promise<boolean> {
    // The setting may be another one than when the subscription was made.
    const refusal = this.refusalOf(address)
    if (refusal !== null) throw new Error(refusal)
    const url = new URL(address)
    signal.throwIfAborted()
    await this.#places.take(url.hostname, signal)
    try {
      const headers = { 'content-type': 'application/json', 'webhook-signature': this.#signatureOf(body) }
      const { status, text } = await this.#deps.port.post(url, headers, body, signal)
      if (status < 200 || status > 299) throw new Error(`The receiver has answered ${status}.`)
      return isDone(text)
    } finally {
      this.#places.release(url.hostname)
    }
  }

  #signatureOf(body: string): string {
    const time = Math.floor(this.#deps.clock.now() / 1000)
    const key = this.#deps.keys[0]!
    const signature = key.sign(new TextEncoder().encode(`${time}.${body}`))
    return `t=${time},kid=${key.kid},ed25519=${Buffer.from(signature).toString('base64url')}`
  }
}

/** This machine, by the names that the protocol allows for trying things out. */
export function isLocalHost(host: string): boolean {
  return host === 'localhost' || /^127(\.\d{1,3}){3}$/.test(host)
}

function isDone(text: string): boolean {
  try {
    return (JSON.parse(text) as { readonly done?: unknown } | null)?.done === true
  } catch {
    return false
  }
}
