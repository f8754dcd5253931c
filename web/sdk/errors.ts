// The names shops test for. Their messages are ours.

export type ErrorName =
  | 'InvalidClientTokenError'
  | 'ApplicationNotInitializedError'
  | 'ApplicationNotLoadedError'
  | 'InvalidContainerSelectorError'
  | 'TypeError'
  | 'PaymentMethodCategoryNotSupportedError'
  | 'InstanceIDNotProvidedError'
  | 'InvalidInstanceIDError'
  | 'PreferredPaymentMethodNotSupportedError'
  | 'OperationNotSupportedError'
  | 'EventNotSupportedError'
  | 'Error';

/** A misuse of the SDK, as it is thrown. */
export function misuse(name: ErrorName, message: string): Error {
  const error = name === 'TypeError' ? new TypeError(message) : new Error(message);
  error.name = name;
  return error;
}

/** Reports an error of the shop's code without stopping ours. */
export function reportError(error: unknown): void {
  setTimeout(() => {
    throw error;
  });
}
