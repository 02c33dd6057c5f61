// The same work, done on a host: the client end. It is an operation work like the local one.
import { AsyncServiceAdapter } from '../../dist/service/index.js';
import { measureSeasonality } from './contract.mjs';

export class SeasonalityAdapter extends AsyncServiceAdapter {
  serviceName = 'the seasonality host';
  serviceType = 'seasonality';
  measure = (input, context) => this.run(measureSeasonality, input, context);
}
