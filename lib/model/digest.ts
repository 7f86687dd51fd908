/** What registrations are compared by, wherever they stand: one digest of each, and a sum of many that no order changes. */
import { createHash } from 'node:crypto'

/** What makes a device reachable; all of it must agree, or pushes go astray. */
export interface Reachable {
  readonly service: string
  readonly node: string
  readonly owner: string
  readonly app: string
  readonly device: string
  readonly secret: string
  readonly address: string
}

/** 32 hex digits; tells nothing of the token or the secret. */
export function digestOf({ service, node, owner, app, device, secret, address }: Reachable): string {
  const spelt = JSON.stringify([service, node, owner, app, device, secret, address])
  return createHash('sha256').update(spelt).digest('hex').slice(0, 32)
}

export interface Checksum {
  add(digest: string): void
  /** 32 hex digits: the same for the same digests in whatever order. */
  text(): string
}

export function makeChecksum(): Checksum {
  let sum = 0n
  return Object.freeze({
    add(digest: string) {
      sum = BigInt.asUintN(128, sum + BigInt(`0x${digest}`))
    },
    text: () => sum.toString(16).padStart(32, '0'),
  })
}
