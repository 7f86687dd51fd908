/** Data forms (XEP-0004 v2.13.2): read without trusting `type`, field types or order; written the way every client can read. */
import xml from '@xmpp/xml'
import { type Element } from 'ltx'
import { type Fields, type FormField } from '../dialects/dialect'
import { attribute } from './element'

export const FORMS = 'jabber:x:data'

/** A field of a form of ours: more than dialects need. */
export interface Field extends Omit<FormField, 'type' | 'options'> {
  readonly type: FormField['type'] | 'boolean' | 'fixed' | 'text-private'
  readonly options?: readonly (string | { readonly value: string; readonly label: string })[]
}

const MOST_FIELDS = 64
const LONGEST_VALUE = 16_384

/** The first form among an element's children. */
export function formIn(parent: Element): Element | undefined {
  return parent.getChildElements().find((child) => child.getName() === 'x' && child.getNS() === FORMS)
}

/**
 * The fields of all forms given; the first field of a name wins, a field without a value is absent.
 * COMPAT(Tigase, Metronome): no `type` on the form. COMPAT(Prosody, Openfire): fields without value.
 */
export function fieldsOf(...forms: readonly Element[]): Fields {
  const fields = new Map<string, readonly string[]>()
  for (const form of forms) {
    for (const field of form.children) {
      if (typeof field === 'string' || field.getName() !== 'field') continue
      const name = attribute(field, 'var')
      if (name === undefined || fields.has(name) || fields.size >= MOST_FIELDS) continue
      const values = valuesOf(field)
      if (values !== undefined) fields.set(name, values)
    }
  }
  return fields
}

function valuesOf(field: Element): readonly string[] | undefined {
  let values: string[] | undefined
  for (const value of field.children) {
    if (typeof value === 'string' || value.getName() !== 'value') continue
    const text = value.getText()
    if (text === '' || text.length > LONGEST_VALUE) continue
    if (values === undefined) values = [text]
    else values.push(text)
  }
  return values
}

/** The first value of a field. */
export function valueOf(fields: Fields, name: string): string | undefined {
  return fields.get(name)?.[0]
}

function fieldElement(field: Field): Element {
  return xml(
    'field',
    { var: field.var, type: field.type, ...(field.label === undefined ? {} : { label: field.label }) },
    ...(field.required === true ? [xml('required')] : []),
    ...(field.values ?? []).map((value) => xml('value', {}, value)),
    ...(field.options ?? [])
      .map((option) => (typeof option === 'string' ? { value: option, label: option } : option))
      .map(({ value, label }) => xml('option', { label }, xml('value', {}, value))),
  )
}

/** A form to be filled in. */
export function blankForm(title: string, instructions: string, fields: readonly Field[]): Element {
  return xml(
    'x',
    { xmlns: FORMS, type: 'form' },
    xml('title', {}, title),
    xml('instructions', {}, instructions),
    ...fields.map(fieldElement),
  )
}

/** A form with the values that are in force, to be changed and sent back. */
export function filledForm(fields: readonly Field[]): Element {
  return xml('x', { xmlns: FORMS, type: 'form' }, ...fields.map(fieldElement))
}

/**
 * COMPAT(Martin ≤ 3, JaXMPP ≤ 8): both refuse a result whose form is not of type `result`. Items are preceded by a
 * `reported` that names their fields (§3.4).
 */
export function resultForm(fields: readonly Field[], items: readonly (readonly Field[])[] = []): Element {
  const [model] = items
  return xml(
    'x',
    { xmlns: FORMS, type: 'result' },
    ...fields.map(fieldElement),
    ...(model === undefined
      ? []
      : [xml('reported', {}, ...model.map(({ values: _values, ...field }) => fieldElement(field)))]),
    ...items.map((item) => xml('item', {}, ...item.map(fieldElement))),
  )
}
