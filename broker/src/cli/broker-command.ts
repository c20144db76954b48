import type { BrokerSettings } from '../config/broker-settings.ts'
import { fileSettings } from '../config/setting-table.ts'
import type { Clock } from '../platform/clock.ts'
import type { RunningBroker } from '../start/broker.ts'
import { ExitCode } from './command-failure.ts'
import { explainStartFailure } from './start-failure.ts'
import type { Supervisor } from './supervision.ts'
import type { Terminal } from './terminal.ts'

type Controlled = Omit<RunningBroker, 'api'>

export interface BrokerCommand {
  readonly settings: BrokerSettings
  readonly start: (settings: BrokerSettings) => Promise<Controlled>
  readonly supervisor: Supervisor | null
  readonly clock: Clock
  readonly terminal: Terminal
  /** Ends the process at once: a broker that does not stop in time must not keep running in part. */
  readonly exit: (code: ExitCode) => void
}

/** Runs a broker until it is told to stop: by a signal, or by the end of the process that supervises it. */
export async function runBroker(command: BrokerCommand): Promise<ExitCode> {
  const { settings, supervisor, terminal } = command
  const stopped = toldToStop(command)
  const started = readFilesAtHangUp(command)
  let broker: Controlled
  try {
    broker = await command.start(settings)
  } catch (error) {
    terminal.complain(explainStartFailure(error, settings))
    return ExitCode.Failed
  }
  started(broker)
  supervisor?.tell({ tailrace: 'started', http: broker.http, peer: broker.peer })
  await stopped
  try {
    await broker.stop()
    return ExitCode.Done
  } catch (error) {
    terminal.complain(
      `error: broker ${settings.id} did not stop cleanly: ${error instanceof Error ? error.stack : String(error)}`,
    )
    return ExitCode.Failed
  }
}

/**
 * A broker with files of certificates, keys or tokens does not end at SIGHUP, not while it starts either: files that it
 * has read by then are read again afterwards. Returns the function that is told when it has started.
 */
function readFilesAtHangUp({ settings, terminal }: BrokerCommand): (broker: Controlled) => void {
  let isEarly = false
  const hasFiles = fileSettings.some((name) => settings[name] !== '')
  if (hasFiles) terminal.onHangUp(() => (isEarly = true))
  return ({ reload }) => {
    if (reload === null) return
    terminal.onHangUp(() => void reload())
    if (isEarly) void reload()
  }
}

/** Resolves at the first reason to stop; from then on the time for stopping runs. */
function toldToStop({ settings, supervisor, clock, terminal, exit }: BrokerCommand): Promise<void> {
  return new Promise((resolve) => {
    let told = false
    const stop = () => {
      if (told) return
      told = true
      clock.after(settings.shutdownTimeoutMs, () => {
        terminal.complain(
          `error: broker ${settings.id} did not stop within ${settings.shutdownTimeoutMs} ms; ending it`,
        )
        exit(ExitCode.Failed)
      })
      resolve()
    }
    supervisor?.onGone(stop)
    if (terminal.interrupted.aborted) stop()
    else terminal.interrupted.addEventListener('abort', stop, { once: true })
  })
}
