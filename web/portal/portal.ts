// What the pages of the portal can do beyond being read: copy, and follow what
// happens. Without it nothing is missing that cannot be had by reloading.

import { offerCopies } from './copies';
import { followList } from './live';
import { offerPasskeys } from './passkey';

offerCopies();
followList();
offerPasskeys();
