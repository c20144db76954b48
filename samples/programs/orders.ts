import { json, type StandardSchema, topic } from '@tailrace/sdk'

/** The topics that the programs of this folder share, with the types of their values. */

export interface Order {
  readonly id: string
  readonly customer: string
  readonly cents: number
}

export interface Invoice {
  readonly order: string
  readonly customer: string
  readonly total: string
}

function isOrder(value: unknown): value is Order {
  const { id, customer, cents } = (value ?? {}) as Partial<Order>
  return typeof id === 'string' && typeof customer === 'string' && Number.isSafeInteger(cents) && cents! >= 0
}

/** By hand, so that the programs need no other package; a schema of zod, valibot or arktype goes in its place. */
const orderSchema: StandardSchema<Order> = {
  '~standard': {
    version: 1,
    vendor: 'samples',
    validate: (value) =>
      isOrder(value) ? { value } : { issues: [{ message: 'an order has an id, a customer, and cents from 0 on' }] },
  },
}

export const orders = topic('orders', json(orderSchema))
export const invoices = topic('invoices', json<Invoice>())

/** Of the brokers, with commas between them. */
export const servers = (process.env.TAILRACE_SERVERS ?? 'ws://127.0.0.1:8080').split(',')
