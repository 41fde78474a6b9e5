package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
)

// readingOperations begin the names of operations that change nothing.
var readingOperations = []string{"List", "Get", "Describe", "Filter", "Head"}

// signingOperations are those by which the SDK itself gets credentials.
var signingOperations = map[string][]string{
	"STS": {"AssumeRole", "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"}, "SSO OIDC": {"CreateToken"}, "Signin": {"CreateOAuth2Token"},
}

// errNotReading says that an operation was about to be called that could change something.
var errNotReading = errors.New("refused: case53 calls nothing of AWS but what reads")

// addReadOnly refuses every operation that does not read, before it is sent.
func addReadOnly(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("ReadOnly", readOnly), middleware.After)
}

func readOnly(
	ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
) (middleware.InitializeOutput, middleware.Metadata, error) {
	service, operation := awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx)
	reads := slices.ContainsFunc(readingOperations, func(prefix string) bool { return strings.HasPrefix(operation, prefix) })
	if !reads && !slices.Contains(signingOperations[service], operation) {
		return middleware.InitializeOutput{}, middleware.Metadata{}, fmt.Errorf("%w: %s %s", errNotReading, service, operation)
	}
	return next.HandleInitialize(ctx, in)
}
