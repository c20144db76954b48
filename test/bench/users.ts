import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Credentials } from '@tailrace/client'
import type { ClusterProcesses } from '../e2e/cluster-processes.ts'

const PASSWORD = 'pencil-and-paper'

/** Brokers that ask clients for credentials, and users of theirs with a password each (SCRAM). */
export class Users {
  readonly #folder: string

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async inFolder(): Promise<Users> {
    return new Users(await mkdtemp(join(tmpdir(), 'tailrace-users-')))
  }

  /** Of the brokers. */
  get flags(): string[] {
    return ['--authentication', 'required', '--admin-token-file', this.#adminFile]
  }

  credentials(username: string): Credentials {
    return { username, password: PASSWORD }
  }

  /**
   * Makes users that may do everything with topics. From then on the requests of this process are the administrator's.
   */
  async make(cluster: ClusterProcesses, names: readonly string[]): Promise<void> {
    const token = (await readFile(this.#adminFile, 'utf8')).trim()
    cluster.useCredentials({ token, sdk: this.credentials(names[0]!) })
    for (const name of names) await cluster.request(1, 'PUT', `/security/users/${name}`, { password: PASSWORD })
    const resource = { type: 'topic', name: '*', pattern: 'literal' }
    const allow = { host: '*', operation: 'all', permission: 'allow', resource }
    await cluster.request(1, 'POST', '/security/acls', {
      acls: names.map((name) => ({ principal: `User:${name}`, ...allow })),
    })
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #adminFile(): string {
    return join(this.#folder, 'admin.token')
  }
}
