package judge

import "math"

// RiskRatio compares the share of bad events of a group with that of all others.
type RiskRatio struct {
	// Ratio is how many times as often events of the group are bad, NaN where it is not known: no events on a side, or no
	// bad ones among the others.
	Ratio float64
	// LogError is the standard error of its logarithm.
	LogError float64
}

// Risk returns the ratio of two shares (Katz et al., Obtaining confidence intervals for the risk ratio, Biometrics 34,
// 1978).
func Risk(group, others Share) RiskRatio {
	if group.N <= 0 || others.N <= 0 || group.K <= 0 || others.K <= 0 {
		return RiskRatio{math.NaN(), math.NaN()}
	}
	return RiskRatio{
		Ratio:    group.Ratio() / others.Ratio(),
		LogError: math.Sqrt(1/group.K - 1/group.N + 1/others.K - 1/others.N),
	}
}

// Low returns the lower bound of the ratio, z standard errors below.
func (r RiskRatio) Low(z float64) float64 { return r.Ratio * math.Exp(-z*r.LogError) }

// High returns the upper bound of the ratio, z standard errors above.
func (r RiskRatio) High(z float64) float64 { return r.Ratio * math.Exp(z*r.LogError) }

// Z returns how many standard errors leave the part p of a normal distribution above: the 1-p quantile. 0 < p < 1.
func Z(p float64) float64 { return math.Sqrt2 * math.Erfinv(1-2*p) }
