export * from '@tailrace/consumer'
export * from '@tailrace/producer'
