import { type Command, Option } from 'commander'
import { UsageError } from '../command-failure.ts'

/**
 * What every command with --server also takes: who asks, and for https:// addresses whom it trusts. `--profile` is none
 * of the commands that write profiles.
 */
export function addConnectionOptions(command: Command): void {
  const profiles = command.parent?.name() === 'profile' ? [] : [profileOption()]
  for (const option of [...credentialOptions(), ...profiles, ...tlsOptions()]) command.addOption(option)
  for (const [flag, file] of secretFlags) {
    command.addOption(new Option(`${flag} [text]`).hideHelp())
    command.on(`option:${flag.slice(2)}`, () => {
      throw new UsageError(`${flag} is refused: other users of this machine can see arguments. Give ${file}`)
    })
  }
}

const secretFlags = [
  ['--password', '--password-file FILE or TAILRACE_PASSWORD, or type the password when you are asked'],
  ['--token', '--token-file FILE or TAILRACE_TOKEN'],
] as const

function credentialOptions(): Option[] {
  return [
    new Option('-u, --user <name>', 'user; asks for the password unless one is given (env: TAILRACE_USER)'),
    new Option(
      '--password-file <file>',
      "the user's password, in a file that only its owner may read (env: TAILRACE_PASSWORD_FILE, TAILRACE_PASSWORD)",
    ),
    new Option(
      '--token-file <file>',
      'a token in the place of a user, in such a file (env: TAILRACE_TOKEN_FILE, TAILRACE_TOKEN)',
    ),
  ]
}

function profileOption(): Option {
  const about = 'brokers, user and TLS out of a file: see "tailrace profile" (env: TAILRACE_PROFILE)'
  return new Option('--profile <name>', about)
}

function tlsOptions(): Option[] {
  return [
    new Option('--tls-ca <file>', 'certificates of the CAs to trust, in PEM form (env: TAILRACE_TLS_CA)'),
    new Option('--tls-cert <file>', 'certificate to show to brokers, in PEM form (env: TAILRACE_TLS_CERT)'),
    new Option('--tls-key <file>', 'private key of that certificate (env: TAILRACE_TLS_KEY)'),
    new Option(
      '--tls-server-name <name>',
      'the name in the certificates of brokers, if it is not the host (env: TAILRACE_TLS_SERVER_NAME)',
    ),
  ]
}
