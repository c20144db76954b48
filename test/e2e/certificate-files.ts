import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import type { TlsOptions } from '@tailrace/client'
import { writeWholeFile } from '../../broker/src/platform/node/written-file.ts'
import { tailrace } from './command-line.ts'

/** Certificates of `tailrace certs create` for three brokers, and the files that brokers are started with. */
export class CertificateFiles {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(): Promise<CertificateFiles> {
    const files = new CertificateFiles(await mkdtemp(join(tmpdir(), 'tailrace-certs-')))
    await files.issue('first')
    await files.use('first', ['first'])
    return files
  }

  /** A CA of this name with certificates of all, or new certificates of a CA that exists. */
  async issue(authority: string, renewed = false): Promise<void> {
    const out = join(this.folder, authority)
    const whose = ['--brokers', '3', '--cascades', '101,201', '--clients', 'alice', '--out', out]
    const { code, err } = await tailrace(['certs', 'create', ...whose, ...(renewed ? ['--ca', out] : [])])
    if (code !== 0) throw new Error(err)
  }

  /** Puts certificates of one CA into place, and the CAs that are trusted. */
  async use(authority: string, trusted: readonly string[]): Promise<void> {
    await this.trust(trusted)
    for (const name of ['broker-1', 'broker-2', 'broker-3', 'cascade-101', 'cascade-201', 'client-alice']) {
      for (const end of ['key', 'crt']) {
        await cp(join(this.folder, authority, `${name}.${end}`), this.path(`${name}.${end}`), {
          preserveTimestamps: false,
        })
      }
    }
  }

  async trust(authorities: readonly string[]): Promise<void> {
    const texts = authorities.map((name) => readFileSync(join(this.folder, name, 'ca.crt'), 'utf8'))
    await writeWholeFile(this.path('ca.crt'), texts.join(''), 0o644)
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  flagsOf(id: number): string[] {
    const pair = ['--tls-cert-file', this.path(`broker-${id}.crt`), '--tls-key-file', this.path(`broker-${id}.key`)]
    return [...pair, '--tls-ca-file', this.path('ca.crt')]
  }

  /** Of a client that trusts the CAs of now, or those that are named. */
  tls(authorities?: readonly string[]): TlsOptions {
    if (authorities === undefined) return { ca: readFileSync(this.path('ca.crt'), 'utf8') }
    return { ca: authorities.map((name) => readFileSync(join(this.folder, name, 'ca.crt'), 'utf8')).join('') }
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true })
  }
}

/** The serial number of the certificate that an address serves, of whichever CA. */
export function servedSerial(address: string, pair: { cert?: string; key?: string } = {}): Promise<string> {
  const [host, port] = address.split(':')
  return new Promise((resolve, reject) => {
    const socket = connect({ host: host!, port: Number(port), rejectUnauthorized: false, ...pair }, () => {
      resolve(socket.getPeerX509Certificate()!.serialNumber)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}
