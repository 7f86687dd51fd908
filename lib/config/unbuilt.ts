/** Kinds that are known and not built yet, and the plain word that refuses them. */
import { type Fault, type Path, spell } from './fault'

/** Kinds that will come, by the key that names them, each with what to use until then. */
export const unbuiltKinds = {
  provider: { unifiedpush: 'webpush, which serves UnifiedPush too' },
  store: {},
  outbox: {},
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

/** Says so if this kind is known and not built yet. */
export function unbuiltKind(of: keyof typeof unbuiltKinds, name: string, at: Path): Fault | undefined {
  const instead: Readonly<Record<string, string>> = unbuiltKinds[of]
  if (!Object.hasOwn(instead, name)) return undefined
  return { path: spell(at), text: `the ${of} "${name}" is not built yet`, mend: `Use ${instead[name] ?? ''}` }
}
