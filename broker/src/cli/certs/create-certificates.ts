import type { Clock } from '../../platform/clock.ts'
import { readTextFile } from '../../platform/node/input-file.ts'
import type { Issued } from '../../platform/node/tls/issue-certificates.ts'
import { createAuthority, issueCertificate } from '../../platform/node/tls/issue-certificates.ts'
import { writeWholeFile } from '../../platform/node/written-file.ts'
import { UsageError } from '../command-failure.ts'
import type { Terminal } from '../terminal.ts'
import type { PlannedCertificate } from './certificate-plan.ts'

export interface CertificateOrder {
  readonly plans: readonly PlannedCertificate[]
  readonly out: string
  /** The folder of a CA that signs; null: a new one is made in `out`. */
  readonly ca: string | null
  readonly days: number
}

const authorityDays = 3650
const certificateMode = 0o644
const keyMode = 0o600

/**
 * Writes certificates and keys. Files that exist are replaced only where an existing CA signs: that is how certificates
 * are renewed.
 * @throws UsageError: a new CA would take the place of another; TailraceError INVALID_SETTING: the CA cannot be used
 */
export async function createCertificates(order: CertificateOrder, clock: Clock, terminal: Terminal): Promise<void> {
  const { plans, out, ca, days } = order
  const authority = ca === null ? await newAuthority(out, plans, clock, terminal) : await readAuthority(ca)
  for (const plan of plans) {
    const issued = await issueCertificate(authority, { ...plan, days }, clock.now())
    await writePair(out, plan.file, issued)
    const names = [...plan.dnsNames, ...plan.addresses].join(', ') || `client ${plan.commonName}`
    terminal.print(`${out}/${plan.file}.crt, .key  ${names}`)
  }
  // What brokers and clients need beside their own files.
  if (ca !== null && ca !== out) await writeWholeFile(`${out}/ca.crt`, authority.cert, certificateMode)
}

async function newAuthority(
  out: string,
  plans: readonly PlannedCertificate[],
  clock: Clock,
  terminal: Terminal,
): Promise<Issued> {
  for (const file of ['ca', ...plans.map(({ file }) => file)]) {
    for (const path of [`${out}/${file}.crt`, `${out}/${file}.key`]) {
      if (await exists(path))
        throw new UsageError(
          `${path} exists; give --ca ${out} to sign with the CA that is there, or another folder with --out`,
        )
    }
  }
  const made = new Date(clock.now()).toISOString().slice(0, 16).replace('T', ' ')
  const authority = await createAuthority(`Tailrace CA ${made}`, authorityDays, clock.now())
  await writePair(out, 'ca', authority)
  terminal.print(`${out}/ca.crt, .key  Keep ca.key away from the brokers: a program that has it can be any of them.`)
  return authority
}

async function readAuthority(folder: string): Promise<Issued> {
  try {
    return { cert: await readTextFile(`${folder}/ca.crt`), key: await readTextFile(`${folder}/ca.key`) }
  } catch (error) {
    throw new UsageError(`--ca ${folder} has no ca.crt and ca.key that can be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

async function exists(path: string): Promise<boolean> {
  return readTextFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}

async function writePair(out: string, file: string, { cert, key }: Issued): Promise<void> {
  await writeWholeFile(`${out}/${file}.key`, key, keyMode)
  await writeWholeFile(`${out}/${file}.crt`, cert, certificateMode)
}
