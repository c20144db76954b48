/** By itself, so that a page that loads it is sent nothing else of that package. */
export { Producer } from '@tailrace/producer'
