/** Parts of the configuration that are known and not built yet: their shape, and the plain word that refuses them. */
import { z } from 'zod'
import { type Fault, type Path, spell } from './fault'

/** Kinds that will come, by the key that names them, each with what to use until then. */
export const unbuiltKinds = {
  provider: { unifiedpush: 'webpush, which serves UnifiedPush too' },
  store: {},
  outbox: { nats: "the store's own outbox: leave the key out" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

/** Says so if this kind is known and not built yet. */
export function unbuiltKind(of: keyof typeof unbuiltKinds, name: string, at: Path): Fault | undefined {
  const instead: Readonly<Record<string, string>> = unbuiltKinds[of]
  if (!Object.hasOwn(instead, name)) return undefined
  return { path: spell(at), text: `the ${of} "${name}" is not built yet`, mend: `Use ${instead[name] ?? ''}` }
}

/** A key that is known and not built yet. */
export function unbuiltKey(at: Path): Fault {
  return { path: spell(at), text: 'not built yet', mend: 'Remove it until a release says that it is' }
}

/** Top-level keys that will come, with their shape. */
export function makeUnbuiltKeys() {
  return {
    outbox: z
      .looseObject({ kind: z.enum(['nats']) })
      .optional()
      .describe("Not built yet. Another outbox than the store's own."),
  }
}
