import { inspect } from 'node:util'
import { Credential, Opaque } from '../../lib/model/opaque'

const token = 'f00dfacef00dfacef00dfacef00da1b2'

describe('model/opaque', () => {
  const ways: readonly (readonly [string, (value: unknown) => string])[] = [
    ['a template', (value) => `${String(value)}`],
    ['JSON', (value) => JSON.stringify({ value })],
    ['inspect', (value) => inspect({ value }, { showHidden: true, depth: 9 })],
  ]

  it.each(ways)('shows no more than the last four characters in %s', (_name, print) => {
    expect(print(new Opaque(token))).toContain('…a1b2')
    expect(print(new Opaque(token))).not.toContain('f00d')
  })

  it.each(ways)('shows nothing of a short one in %s', (_name, print) => {
    expect(print(new Opaque('hunter2'))).not.toContain('ter2')
  })

  it.each(ways)('shows where a credential came from, never what it is, in %s', (_name, print) => {
    const printed = print(new Credential(Buffer.from('hunter2'), 'file key.p8'))
    expect(printed).toContain('file key.p8')
    expect(printed).not.toContain('hunter2')
  })

  it('gives its text to those who ask for it', () => {
    expect(new Opaque(token).reveal()).toBe(token)
    expect(new Credential(Buffer.from('hunter2\n'), 'x').text()).toBe('hunter2')
  })
})
