package field

const accountDigits = 12

// Account gives an account id as AWS has it: twelve digits. One that has lost its leading zeros, as it went through a number
// on its way, gets them back; any other text stays as it is.
func Account(text []byte) []byte {
	if len(text) >= accountDigits || !AllDigits(text) {
		return text
	}
	whole := make([]byte, accountDigits)
	for i := range whole[:accountDigits-len(text)] {
		whole[i] = '0'
	}
	copy(whole[accountDigits-len(text):], text)
	return whole
}
