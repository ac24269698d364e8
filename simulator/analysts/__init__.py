"""The simulated analysts and chargebacks that label payments after the detector's decision."""
