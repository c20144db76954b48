import { Command } from 'commander'
import { UsageError } from '../command-failure.ts'
import { parseCount } from '../option-values.ts'
import type { CommandContext } from './context.ts'
import { jsonOption } from './shared-options.ts'

interface CreateOptions {
  readonly brokers: string
  readonly cascades: string
  readonly clients: string
  readonly hosts: string
  readonly out: string
  readonly ca?: string
  readonly days: string
  readonly json?: true
}

const longestDays = 3650

/** `tailrace certs`. */
export function certsCommand(context: CommandContext): Command {
  return new Command('certs').addCommand(create(context)).addCommand(show(context))
}

function create({ terminal, run }: CommandContext): Command {
  return new Command('create')
    .description('make a CA, and certificates that it has signed')
    .requiredOption('--out <folder>', 'where the files are written')
    .option('--brokers <number>', 'certificates for brokers 1 to this number', '0')
    .option('--cascades <ids>', 'certificates for cascade brokers, separated by commas', '')
    .option('--clients <names>', 'certificates for clients, separated by commas', '')
    .option(
      '--hosts <names>',
      'host names and addresses by which brokers are reached, separated by commas; 3=host for broker 3 alone',
      '',
    )
    .option('--ca <folder>', 'sign with the ca.crt and ca.key of this folder; certificates that exist are renewed')
    .option('--days <number>', 'how long the certificates are valid', '365')
    .addOption(jsonOption())
    .action((options: CreateOptions) =>
      run(async () => {
        const { planCertificates } = await import('../certs/certificate-plan.ts')
        const plans = planCertificates({
          brokers: parseCount('--brokers', options.brokers, 0, 1_000),
          cascades: list(options.cascades).map((text) => parseCount('--cascades', text, 1, 2 ** 31 - 1)),
          clients: list(options.clients),
          hosts: list(options.hosts),
        })
        const days = parseCount('--days', options.days, 1, longestDays)
        const [{ createCertificates, writtenText }, { nodeClock }] = await Promise.all([
          import('../certs/create-certificates.ts'),
          import('../../platform/node/clock.ts'),
        ])
        const order = { plans, out: options.out, ca: options.ca ?? null, days }
        const written = await createCertificates(order, nodeClock)
        terminal.print(options.json === true ? JSON.stringify(written) : writtenText(written))
        return 0
      }),
    )
}

function show({ terminal, run }: CommandContext): Command {
  return new Command('show')
    .description('print what the certificates of a PEM file say')
    .argument('<file>')
    .addOption(jsonOption())
    .action((file: string, options: { readonly json?: true }) =>
      run(async () => {
        const [{ readTextFile }, { shownCertificates }, { certificatesText }] = await Promise.all([
          import('../../platform/node/input-file.ts'),
          import('../../platform/node/tls/shown-certificates.ts'),
          import('../certs/show-certificates.ts'),
        ])
        const text = await readTextFile(file).catch((error: Error) => {
          throw new UsageError(`${file} cannot be read: ${error.message}`, { cause: error })
        })
        const certificates = shownCertificates(text, file)
        terminal.print(options.json === true ? JSON.stringify(certificates) : certificatesText(certificates))
        return 0
      }),
    )
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
