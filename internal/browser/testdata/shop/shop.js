// A shop's page that does what a test says and keeps what happened.
'use strict'

/** Every call of the SDK with what came of it, in order. */
const calls = []
/** What the SDK told the page otherwise: [name, ...arguments]. */
const events = []

window.klarnaAsyncCallback = function (...args) {
  events.push(['klarnaAsyncCallback', ...args])
}
document.addEventListener('securitypolicyviolation', (e) => events.push(['violation', e.violatedDirective, e.blockedURI]))

/** Values that JSON has no word for. */
function shown(value) {
  if (value === undefined) return '@undefined'
  if (value === window.Klarna?.Payments) return '@Klarna.Payments'
  if (value === window.Klarna?.Payments?.Buttons) return '@Klarna.Payments.Buttons'
  if (typeof value === 'function') return '@function'
  if (value instanceof Error) return {name: value.name, message: value.message, error: true}
  if (Array.isArray(value)) return value.map(shown)
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, shown(v)]))
  return value
}

/** An argument from a test: '@callback', '@undefined', '@element:SELECTOR', '@event:NAME', '@express', '@document:RETURNS'. */
function real(value, call) {
  if (Array.isArray(value)) return value.map((v) => real(v, call))
  if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, real(v, call)]))
  if (typeof value !== 'string' || !value.startsWith('@')) return value
  const [kind, name] = [value.slice(1).split(':')[0], value.slice(value.indexOf(':') + 1)]
  switch (kind) {
    case 'callback':
      return (...args) => {
        call.order.push('callback')
        call.took ??= performance.now() - call.from
        call.results.push(args.map(shown))
      }
    case 'undefined':
      return undefined
    case 'element':
      return document.querySelector(name)
    case 'event':
      return remembered(name)
    case 'express': // on_click of the Express button
      return (authorize) => {
        const made = {path: 'authorize', results: [], order: [], returned: null, thrown: null, from: performance.now()}
        calls.push(made)
        clicked.push(calls.length - 1)
        authorize(...real(expressArguments, made))
      }
    case 'document': // on_show_external_document; the name says what it returns
      return (url) => {
        events.push(['document', url])
        return name === 'false' ? false : undefined
      }
    default:
      throw new Error('the test says ' + value)
  }
}

/** One function per name, so that it can be taken off again. */
const remembering = {}
function remembered(name) {
  remembering[name] ??= (...args) => { events.push([name, ...args.map(shown)]) }
  return remembering[name]
}

/** Calls a method such as 'Payments.load' of Klarna and returns the number of the call. */
function invoke(path, args, at = performance.now()) {
  const call = {path, results: [], order: [], returned: null, thrown: null, from: at}
  calls.push(call)
  const names = path.split('.')
  const method = names.pop()
  try {
    const owner = names.reduce((o, name) => o[name], window.Klarna)
    call.returned = shown(owner[method](...real(args, call)))
  } catch (thrown) {
    call.order.push('throw')
    call.thrown = shown(thrown)
  }
  return calls.length - 1
}

/** What the buy button does: a list of calls, set by the test. */
let plan = []
/** What the Express button gives to authorize. */
let expressArguments = []
/** The numbers of the calls that clicks have made. */
const clicked = []

addEventListener('DOMContentLoaded', () => {
  document.getElementById('buy').addEventListener('click', (e) => {
    for (const [path, args] of plan) clicked.push(invoke(path, args, e.timeStamp))
  })
})
