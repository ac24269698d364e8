"""The simulated analysts and chargebacks that label what the detector decided."""
