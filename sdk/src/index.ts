export * from '@tailrace/admin'
export * from '@tailrace/consumer'
export * from '@tailrace/producer'
