import { X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TailraceError } from '@tailrace/schemas'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { skipped } from '../../../../../test/runner/skipped.ts'
import type { Clock } from '../../clock.ts'
import { nodeClock } from '../clock.ts'
import { type Certificates, readCertificates } from './certificate-files.ts'
import { createAuthority, type Issued, issueCertificate } from './issue-certificates.ts'
import { peerCertificateOf } from './peer-certificate.ts'
import { WatchedCertificates } from './watched-certificates.ts'

const noModes = skipped(process.platform === 'win32', 'modes of key files: Windows has none.')

const now = Date.now()
let authority: Issued
let folder: string
const watched: WatchedCertificates[] = []
beforeAll(async () => {
  authority = await createAuthority('Test CA', 30, now)
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tailrace-certificates-'))
})
afterEach(async () => {
  for (const certificates of watched.splice(0)) certificates.close()
  await rm(folder, { recursive: true })
})

const path = (name: string) => join(folder, name)
const files = () => ({
  cert: { setting: 'tlsCertFile', path: path('crt') },
  key: { setting: 'tlsKeyFile', path: path('key') },
  ca: { setting: 'tlsCaFile', path: path('ca') },
})
const issue = (commonName: string, days = 5, at = now) =>
  issueCertificate(
    authority,
    { commonName, dnsNames: ['Broker-1', 'a.example'], addresses: ['10.0.0.1', '::1'], use: 'server and client', days },
    at,
  )

async function write({ cert, key }: Issued, ca = authority.cert): Promise<void> {
  await writeFile(path('key'), key, { mode: 0o600 })
  await writeFile(path('crt'), cert)
  await writeFile(path('ca'), ca)
}

it('issues certificates that the CA vouches for, with the names that were asked for', async () => {
  const { cert } = await issue('broker-1')
  const [own, ca] = [new X509Certificate(cert), new X509Certificate(authority.cert)]
  expect([own.checkIssued(ca), own.verify(ca.publicKey), own.ca, ca.ca]).toEqual([true, true, false, true])
  expect(own.checkIP('10.0.0.1') && own.checkIP('::1') && own.checkHost('a.example')).toBeTruthy()
  expect(own.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  const client = await issueCertificate(
    authority,
    { commonName: 'alice', dnsNames: [], addresses: [], use: 'client', days: 99 },
    now,
  )
  const shown = new X509Certificate(client.cert)
  expect([shown.keyUsage, shown.subjectAltName]).toEqual([['1.3.6.1.5.5.7.3.2'], undefined])
  // Not beyond the CA.
  expect(shown.validTo).toBe(ca.validTo)
})

it('signs with the key of the CA only', async () => {
  const other = await createAuthority('Other', 30, now)
  const request = { commonName: 'x', dnsNames: [], addresses: [], use: 'client', days: 1 } as const
  const refused = { code: 'INVALID_SETTING' }
  await expect(issueCertificate({ cert: authority.cert, key: other.key }, request, now)).rejects.toMatchObject(refused)
  await expect(issueCertificate({ cert: authority.cert, key: 'x' }, request, now)).rejects.toMatchObject(refused)
})

it('reads names, subject and fingerprint of a certificate', async () => {
  const { cert } = await issue('a b')
  const certificate = new X509Certificate(cert)
  expect(peerCertificateOf(certificate)).toEqual({
    names: ['broker-1', 'a.example'],
    uris: [],
    subject: 'CN=a b',
    issuer: 'CN=Test CA',
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    validUntil: Date.parse(certificate.validTo),
  })
})

it('no name hides in another: values that Node quotes are read as one', () => {
  const text = 'DNS:"a, DNS:broker-1", URI:spiffe://x/y, IP Address:10.0.0.1, DNS:b'
  const shown = { subjectAltName: text, subject: 'O=x\nCN=y', fingerprint256: 'A:B', validTo: 'Jan 1 2030 GMT' }
  const { names, uris, subject } = peerCertificateOf(shown as X509Certificate)
  expect([names, uris, subject]).toEqual([['a, dns:broker-1', 'b'], ['spiffe://x/y'], 'CN=y,O=x'])
})

it('reads certificate, key and CAs, and says whose it is and until when it is good', async () => {
  await write(await issue('broker-1'), authority.cert + (await createAuthority('Next', 5, now)).cert)
  const { ca, names, validUntil, warnings } = await readCertificates(files(), now)
  expect(names).toEqual(['broker-1', 'a.example'])
  expect([ca!.length, validUntil, warnings]).toEqual([2, Math.floor((now + 5 * 86_400_000) / 1000) * 1000, []])
  const trusting = await readCertificates({ ...files(), cert: null, key: null }, now)
  expect([trusting.cert, trusting.names, trusting.validUntil, trusting.ca]).toEqual([undefined, [], null, ca])
})

it('names the file and its fault', async () => {
  const refusal = () => readCertificates(files(), now).catch((error: Error) => error.message)
  expect(await refusal()).toMatch(/tlsCaFile: .*ca cannot be read: ENOENT/)
  await write({ ...(await issue('a')), key: (await issue('b')).key })
  expect(await refusal()).toMatch(/tlsKeyFile: .*key is not the key of the certificate in .*crt\.$/)
  await writeFile(path('key'), 'text')
  expect(await refusal()).toMatch(/tlsKeyFile: .*key has no private key in PEM form/)
  await writeFile(path('key'), '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n')
  expect(await refusal()).toMatch(/is encrypted; a key without a passphrase is needed/)
  await writeFile(path('crt'), 'text')
  expect(await refusal()).toMatch(/tlsCertFile: .*crt has no certificate in PEM form/)
  await writeFile(path('crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')
  expect(await refusal()).toMatch(/tlsCertFile: .*crt has a certificate that cannot be read/)
  await write(await issue('late', 1, now - 3 * 86_400_000))
  expect(await refusal()).toMatch(/tlsCertFile: .*crt expired on 20/)
  const { cert, key } = await issue('a')
  await write({ cert, key }, cert)
  expect(await refusal()).toMatch(/tlsCaFile: .*ca has a certificate that is none of a CA: CN=a/)
})

it.skipIf(noModes)('warns of a key that everybody may read', async () => {
  await write(await issue('a'))
  await chmod(path('key'), 0o644)
  const { warnings } = await readCertificates(files(), now)
  expect(warnings).toEqual([`tlsKeyFile ${path('key')} may be read by every user (mode 0644): use 0600`])
})

/** Watches the files; `lines`: what was logged. */
async function watching(check?: (certificates: Certificates) => void, clock: Clock = nodeClock) {
  const lines: string[] = []
  const note = (_: object, text: string) => void lines.push(text)
  const log = { info: note, warn: note, error: note }
  const certificates = await WatchedCertificates.open(files(), { clock, log, lookEveryMs: 10, check })
  watched.push(certificates)
  const changes: (string | undefined)[] = []
  certificates.onChange(({ cert }) => changes.push(cert))
  return { certificates, lines, changes }
}

it('follows its files; a fault keeps what was there, and is told once', async () => {
  const first = await issue('first')
  await write(first)
  // Looks when it is told to: not between two files that belong together.
  let look = () => {}
  const every: Clock['every'] = (_, call) => {
    look = call
    return { cancel: () => {} }
  }
  const { certificates, lines, changes } = await watching(undefined, { ...nodeClock, every })
  const looked = <Value>(read: () => Value) => {
    look()
    return read()
  }
  await writeFile(path('key'), 'broken')
  await expect.poll(() => looked(() => certificates.failures)).toBe(1)
  expect([certificates.current.cert, changes, lines.length]).toEqual([first.cert, [], 1])
  expect(lines[0]).toMatch(/former certificates stay in use/)
  for (let times = 0; times < 5; times++) {
    look()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(certificates.failures).toBe(1)
  const second = await issue('second')
  await write(second)
  await expect.poll(() => looked(() => certificates.current.cert)).toBe(second.cert)
  expect([certificates.failures, certificates.reloads, changes]).toEqual([1, 1, [second.cert]])
})

it('follows a link that is set to another file, as Kubernetes does', async () => {
  const [first, second] = [await issue('first'), await issue('second')]
  await write(first)
  for (const [name, text] of Object.entries({ 'crt.2': second.cert, 'key.2': second.key }))
    await writeFile(path(name), text)
  const { certificates } = await watching()
  for (const name of ['crt', 'key']) {
    await unlink(path(name))
    await symlink(path(`${name}.2`), path(name))
  }
  await expect.poll(() => certificates.current.cert).toBe(second.cert)
})

it.skipIf(noModes)('sees that a file has got other rights', async () => {
  await write(await issue('first'))
  const { lines } = await watching()
  await chmod(path('key'), 0o644)
  await expect.poll(() => lines.join()).toContain('may be read by every user')
})

it('takes none that its owner may not use, at the start and later', async () => {
  const first = await issue('first')
  await write(first)
  const refused: string[] = []
  const check = ({ cert }: Certificates) => {
    if (refused.includes(cert!)) throw new TailraceError('INVALID_SETTING', 'Not this one.')
  }
  const { certificates } = await watching(check)
  const second = await issue('second')
  refused.push(second.cert)
  await write(second)
  await certificates.reload()
  expect([certificates.current.cert, certificates.failures > 0]).toEqual([first.cert, true])
  await expect(watching(check)).rejects.toMatchObject({ code: 'INVALID_SETTING' })
})

it('reads at once when it is told to', async () => {
  await write(await issue('first'))
  const { certificates } = await watching()
  certificates.close()
  const second = await issue('second')
  await write(second)
  await certificates.reload()
  expect(certificates.current.cert).toBe(second.cert)
})
