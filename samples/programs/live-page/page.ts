import { Consumer, json, topic } from '@tailrace/sdk'

/**
 * The orders as they come, behind the last twenty of each partition. Build it with `npx vite build live-page`, or look
 * at it with `npx vite live-page`, and let its origin read: `npx tailrace cluster start --read-origins
 * http://localhost:5173`.
 */

interface Order {
  readonly id: string
  readonly customer: string
  readonly cents: number
}

const MOST_LINES = 100
const [state, count, lag, list] = ['state', 'count', 'lag', 'orders'].map((id) => document.getElementById(id)!)
const servers = new URLSearchParams(location.search).getAll('server')

const consumer = new Consumer({ servers: servers.length > 0 ? servers : ['ws://localhost:8080'], clientId: 'page' })
consumer.on('status', ({ status, error }) => {
  state!.textContent = status
  state!.title = error?.message ?? ''
})

const orders = consumer.subscribe(topic('orders', json<Order>()), { last: 20, onUnreadable: 'skip' })
for await (const { timestamp, value } of orders) {
  const line = document.createElement('li')
  const time = new Date(timestamp).toLocaleTimeString()
  line.textContent = `${time} ${value.customer} has ordered ${value.id} for ${(value.cents / 100).toFixed(2)}`
  list!.prepend(line)
  while (list!.childElementCount > MOST_LINES) list!.lastElementChild!.remove()
  count!.textContent = String(list!.childElementCount)
  lag!.textContent = String(orders.lag().total)
}
