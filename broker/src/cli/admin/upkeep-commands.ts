import type { BalanceDescription, PlannedMove } from '../../api/upkeep-api.ts'
import { grouped, sizeText } from '../quantity.ts'
import { table } from '../table.ts'
import type { Asking } from './group-commands.ts'

/** `tailrace cluster balance --dry-run`: nothing moves. */
export async function showBalance({ admin, json, terminal }: Asking): Promise<void> {
  const balance = (await admin.request('GET', '/cluster/balance')) as BalanceDescription
  terminal.print(json ? JSON.stringify(balance) : balanceText(balance, terminal.width))
}

/** `tailrace cluster balance`, and with `--stop` its end. */
export async function setBalancing(balancing: boolean, { admin, json, terminal }: Asking): Promise<void> {
  await admin.request(balancing ? 'POST' : 'DELETE', '/cluster/balance')
  const text = balancing
    ? 'the brokers spread replicas and leaderships evenly; "tailrace cluster balance --dry-run" shows what is left'
    : 'moves that an operator asked for are called off; those that have begun end'
  terminal.print(json ? JSON.stringify({ balancing }) : text)
}

/** `tailrace broker drain` and `undrain`. */
export async function setDraining(broker: number, draining: boolean, { admin, json, terminal }: Asking): Promise<void> {
  await admin.request(draining ? 'PUT' : 'DELETE', `/cluster/brokers/${broker}/draining`)
  const text = draining
    ? `replicas and leaderships of broker ${broker} go to others; "tailrace cluster balance --dry-run" shows what is left`
    : `broker ${broker} may hold replicas again`
  terminal.print(json ? JSON.stringify({ broker, draining }) : text)
}

function balanceText({ imbalance, balancing, brokers, moves, more }: BalanceDescription, width: number): string {
  const head = `imbalance  ${percent(imbalance)}${balancing ? ', being made even' : ''}`
  const shares = table(
    brokers,
    [
      { title: 'BROKER', of: ({ broker }) => broker, right: true },
      { title: 'RACK', of: ({ rack }) => rack },
      { title: 'STATE', of: ({ up, draining }) => (draining ? 'draining' : up ? 'up' : 'not reached') },
      { title: 'REPLICAS', of: ({ replicas }) => replicas, right: true },
      { title: 'LEADERS', of: ({ leaders }) => leaders, right: true },
      { title: 'SIZE', of: ({ bytes }) => sizeText(bytes), right: true },
      { title: 'WRITTEN', of: ({ bytesPerSecond }) => `${sizeText(bytesPerSecond)}/s`, right: true },
      { title: 'LED', of: ({ ledBytesPerSecond }) => `${sizeText(ledBytesPerSecond)}/s`, right: true },
    ],
    width,
  )
  return `${head}\n\n${shares}\n\n${movesText(imbalance, moves, more, width)}`
}

function movesText(imbalance: number, moves: readonly PlannedMove[], more: number, width: number): string {
  if (moves.length === 0) return 'Nothing is to be moved.'
  const before = new Map(moves.map((move, at) => [move, at === 0 ? imbalance : moves[at - 1]!.imbalanceAfter]))
  const rows = table(
    moves,
    [
      { title: 'PARTITION', of: ({ topic, partition }) => `${topic}/${partition}` },
      { title: 'MOVE', of: ({ kind }) => kind },
      { title: 'WHY', of: ({ why }) => why },
      { title: 'FROM', of: ({ from }) => from.join(',') },
      { title: 'TO', of: ({ to }) => to.join(',') },
      { title: 'COPIES', of: ({ kind, bytes }) => (kind === 'leader' ? '' : sizeText(bytes)), right: true },
      { title: 'GAIN', of: (move) => percent(before.get(move)! - move.imbalanceAfter), right: true },
      { title: 'IMBALANCE', of: ({ imbalanceAfter }) => percent(imbalanceAfter), right: true },
    ],
    width,
  )
  return more === 0 ? rows : `${rows}\n\nand ${grouped(more)} more`
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}
