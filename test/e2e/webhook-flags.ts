import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Flags of brokers that may call receivers on this machine, and the removal of the file of their keys. */
export async function webhookFlags(): Promise<{ readonly flags: readonly string[]; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'webhook-keys-'))
  const file = join(folder, 'webhooks.pem')
  const { privateKey } = generateKeyPairSync('ed25519')
  await writeFile(file, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 })
  return {
    flags: ['--webhook-hosts', '127.0.0.1,localhost', '--webhook-key-file', file],
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
