import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificateFiles } from '../certificate-files.ts'
import { createAuthority, type Issued, issueCertificate } from '../issue-certificates.ts'

/** A folder with a CA and the certificate of a broker on loopback, as files. */
export class CertificateFolder {
  readonly folder: string
  readonly authority: Issued

  private constructor(folder: string, authority: Issued) {
    this.folder = folder
    this.authority = authority
  }

  static async create(): Promise<CertificateFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'tailrace-tls-'))
    const made = new CertificateFolder(folder, await createAuthority('Test CA', 10, Date.now()))
    await writeFile(made.path('ca.crt'), made.authority.cert)
    await made.renew()
    return made
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  get files(): CertificateFiles {
    const named = (setting: string, name: string) => ({ setting, path: this.path(name) })
    return {
      cert: named('tlsCertFile', 'broker.crt'),
      key: named('tlsKeyFile', 'broker.key'),
      ca: named('tlsCaFile', 'ca.crt'),
    }
  }

  /** Another certificate in the place of the broker's. */
  async renew(names: readonly string[] = ['broker-1', 'localhost']): Promise<Issued> {
    const issued = await this.server(names)
    await writeFile(this.path('broker.key'), issued.key, { mode: 0o600 })
    await writeFile(this.path('broker.crt'), issued.cert)
    return issued
  }

  server(dnsNames: readonly string[], addresses: readonly string[] = ['127.0.0.1']): Promise<Issued> {
    const request = { commonName: dnsNames[0] ?? 'nobody', dnsNames, addresses, days: 5 }
    return issueCertificate(this.authority, { ...request, use: 'server and client' }, Date.now())
  }

  client(commonName: string, days = 5): Promise<Issued> {
    const request = { commonName, dnsNames: [], addresses: [], days }
    return issueCertificate(this.authority, { ...request, use: 'client' }, Date.now())
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true })
  }
}
