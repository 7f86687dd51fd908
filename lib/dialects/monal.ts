/**
 * Monal and Quicksy for iOS, and what else was made for fpush: nothing is registered, the node is the device token, and the
 * publish-option `pushModule` names the app (`monalProdiOS`, or `monalProdiOS-sandbox` for builds of developers).
 */
import { type Brought, type Dialect, type PublishFields } from './dialect'

const SANDBOX = '-sandbox'

/** A module that is an app's own name is that app, whatever it ends with. */
function brings({ node, options }: PublishFields, isApp: (name: string) => boolean): Brought | undefined {
  const module = options.get('pushModule')?.[0]
  if (module === undefined || node === undefined) return undefined
  const isSandbox = !isApp(module) && module.endsWith(SANDBOX)
  const name = isSandbox ? module.slice(0, -SANDBOX.length) : module
  return { app: { by: 'name', name }, address: node, environment: isSandbox ? 'sandbox' : 'production' }
}

export const monal: Dialect = Object.freeze({
  name: 'monal',
  commands: [],
  features: () => [],
  brings,
})
