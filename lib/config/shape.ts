/** JSON Schema (draft 2020-12) as the configuration uses it: made from option schemas, and asked which keys stand where. */
import { z } from 'zod'
import { type Path } from './fault'

export interface Shape {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Shape | boolean
  readonly unevaluatedProperties?: boolean
  readonly items?: Shape | boolean
  readonly anyOf?: readonly Shape[]
  readonly oneOf?: readonly Shape[]
  readonly allOf?: readonly Shape[]
  readonly if?: Shape
  readonly then?: Shape
  readonly [further: string]: unknown
}

/** The shape of what a schema takes in. Checks that have no JSON Schema of their own are left out. */
export function shapeOf(schema: z.ZodType): Shape {
  const { $schema: _draft, ...shape } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return shape as Shape
}

/** The shape itself and everything it is composed of. */
function parts(shape: Shape): readonly Shape[] {
  const within = [...(shape.anyOf ?? []), ...(shape.oneOf ?? []), ...(shape.allOf ?? [])]
  if (shape.then !== undefined) within.push(shape.then)
  return [shape, ...within.flatMap(parts)]
}

/** Everything that may stand at one step below these shapes. */
function below(shapes: readonly Shape[], step: string | number): readonly Shape[] {
  return shapes.flatMap((shape) => {
    const named = typeof step === 'string' ? shape.properties?.[step] : undefined
    const other = typeof step === 'number' ? shape.items : shape.additionalProperties
    const next = named ?? (typeof other === 'object' ? other : undefined)
    return next === undefined ? [] : parts(next)
  })
}

/** All shapes that may stand at a path: several where keys depend on other keys or a value has alternatives. */
export function shapesAt(root: Shape, path: Path): readonly Shape[] {
  return path.reduce((shapes, step) => below(shapes, step), parts(root))
}

/** The keys that are known at a path. */
export function keysAt(root: Shape, path: Path): readonly string[] {
  return [...new Set(shapesAt(root, path).flatMap((shape) => Object.keys(shape.properties ?? {})))]
}
