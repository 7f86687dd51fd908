import { monal } from '../../lib/dialects/monal'
import { carryingContract } from '../contracts/carrying-dialect'

describe('dialects/monal', () => {
  carryingContract({
    dialect: monal,
    publish: { node: 'a1b2', options: { pushModule: 'monalProdiOS' } },
    brings: { app: { by: 'name', name: 'monalProdiOS' }, address: 'a1b2', environment: 'production' },
    required: ['pushModule'],
  })

  const read = (module: string, apps: readonly string[] = []) =>
    monal.brings?.({ node: 'a1b2', options: new Map([['pushModule', [module]]]) }, (name) => apps.includes(name))

  it('reads the sandbox from the end of the module', () => {
    expect(read('monalAlpha-sandbox')).toMatchObject({ app: { name: 'monalAlpha' }, environment: 'sandbox' })
  })

  it('leaves a module alone that is an app, whatever it ends with', () => {
    expect(read('own-sandbox', ['own-sandbox'])).toMatchObject({
      app: { name: 'own-sandbox' },
      environment: 'production',
    })
  })
})
