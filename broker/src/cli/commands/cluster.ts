import { Command } from 'commander'
import type { BrokerSettings } from '../../config/broker-settings.ts'
import { settingNames, sharedSettingNames } from '../../config/setting-table.ts'
import type { BrokerPlan } from '../cluster/cluster-plan.ts'
import { UsageError } from '../command-failure.ts'
import { parseCount } from '../option-values.ts'
import { clusterAdministration } from './cluster-administration.ts'
import type { CommandContext } from './context.ts'
import { withLooking } from './looking.ts'
import { configOption, givenFlags, readSettings, settingOptions } from './setting-options.ts'
import type { ClientOptions } from './shared-options.ts'
import { adminOf, jsonOption, serverOption } from './shared-options.ts'

interface StartOptions extends Readonly<Record<string, unknown>> {
  readonly brokers: string
  readonly data: string
  readonly host: string
  readonly httpPort: string
  readonly peerPort: string
  readonly config?: string
  readonly json?: true
}

/**
 * A signal asks every broker first; this much later the supervisor kills those that have not ended themselves in time.
 */
const graceMs = 2000

/** `tailrace cluster start`, `tailrace cluster status`, and the commands of operators. */
export function clusterCommand(context: CommandContext): Command {
  const command = new Command('cluster').addCommand(startCommand(context)).addCommand(statusCommand(context))
  for (const child of clusterAdministration(context)) command.addCommand(child)
  return command
}

function startCommand({ terminal, run }: CommandContext): Command {
  const command = new Command('start')
    .description('start brokers 1 to N as processes of this machine and keep them running until Ctrl-C')
    .option('-n, --brokers <count>', 'number of brokers', '3')
    .option('--data <folder>', 'each broker gets a folder broker-N in here', 'data')
    .option('--host <host>', 'where all listen; other machines reach them only if you change this', '127.0.0.1')
    .option('--http-port <port>', 'HTTP port of broker 1; the others follow', '8080')
    .option('--peer-port <port>', 'peer port of broker 1; the others follow', '7080')
    .addOption(configOption())
    .addOption(jsonOption())
  for (const option of settingOptions(sharedSettingNames)) command.addOption(option)
  return command.action((options: StartOptions) => run(() => start(options, terminal)))
}

async function start(options: StartOptions, terminal: CommandContext['terminal']): Promise<number> {
  const { planCluster } = await import('../cluster/cluster-plan.ts')
  const { makeClusterSecrets, secretFiles } = await import('../cluster/cluster-secrets.ts')
  const given = givenFlags(options, sharedSettingNames)
  const shared = [...given.values()].flatMap(({ origin, value }) => [origin, String(value)])
  if (options.config !== undefined) shared.push('--config', options.config)
  const planned = {
    brokers: parseCount('--brokers', options.brokers, 1, 1000),
    data: options.data,
    host: options.host,
    httpPort: parseCount('--http-port', options.httpPort, 1, 65_535),
    peerPort: parseCount('--peer-port', options.peerPort, 1, 65_535),
  }
  // A wrong setting is reported once, here, and not by every broker.
  const first = planCluster({ ...planned, shared })[0]!
  const own = givenFlags({ id: String(first.id), data: first.data, http: first.http, peer: first.peer }, settingNames)
  const made = givenFlags(secretFiles(options.data), ['clusterKeyFile', 'adminTokenFile'])
  const settings = await readSettings(new Map([...given, ...own]), options.config, terminal, made)
  if (settings.tls === 'required' && settings.tlsClientCertificates === 'required') {
    // It has no certificate of a client to ask with.
    throw new UsageError(
      '"cluster start" asks brokers whether they are ready: use tlsClientCertificates asked, not required',
    )
  }
  const secrets = await makeClusterSecrets(settings, options.data)
  shared.push(...secrets.flags)
  const plans = planCluster({ ...planned, shared, secure: settings.tls === 'required' })
  return runPlanned(plans, settings, secrets.adminTokenFile, options.json === true, terminal)
}

async function runPlanned(
  plans: readonly BrokerPlan[],
  { authentication, shutdownTimeoutMs }: BrokerSettings,
  adminTokenFile: string | null,
  json: boolean,
  terminal: CommandContext['terminal'],
): Promise<number> {
  const [{ startCluster }, { launchBroker }, { askReadiness }, { nodeClock }, { openAppendFile }] = await Promise.all([
    import('../cluster/start-cluster.ts'),
    import('../cluster/broker-child.ts'),
    import('../cluster/readiness.ts'),
    import('../../platform/node/clock.ts'),
    import('../../platform/node/append-file.ts'),
  ])
  const [{ clusterTeller }, { packageVersion }] = await Promise.all([
    import('../cluster/cluster-events.ts'),
    import('../../start/version.ts'),
  ])
  const tell = clusterTeller(json, terminal)
  tell({ event: 'starting', version: packageVersion(), pid: process.pid, brokers: plans.length })
  if (adminTokenFile !== null) tell({ event: 'credential', authentication, adminTokenFile })
  const stopTimeoutMs = shutdownTimeoutMs + graceMs
  return startCluster(
    plans,
    openAppendFile,
    { launch: launchBroker, askReadiness, clock: nodeClock, tell, stopTimeoutMs },
    terminal,
  )
}

function statusCommand({ terminal, run }: CommandContext): Command {
  return new Command('status')
    .description('show the brokers of a cluster')
    .option('-w, --watch', 'go on each second, with leaders and sizes, until Ctrl-C; with --json a document a line')
    .addOption(serverOption())
    .addOption(jsonOption())
    .action((options: ClientOptions & { readonly watch?: true }) =>
      run(async () => {
        if (options.watch === true) {
          const { watchCluster } = await import('../health/look-at-brokers.ts')
          return withLooking(options, terminal, watchCluster)
        }
        const { clusterStatus } = await import('../admin/cluster-status.ts')
        await clusterStatus(options.json === true, adminOf(options, terminal), terminal)
        return 0
      }),
    )
}
