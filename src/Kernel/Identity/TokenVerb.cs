using System.Globalization;
using Appliance.Contracts;
using Appliance.Kernel.Modules;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Identity;

/// <summary><c>cirt token …</c>: credentials of programs and peers from the terminal.</summary>
internal sealed class TokenVerb : IVerb
{
    private const string Usage =
        "Write: cirt token list | issue NAME --user NAME|--peer ID [--basic] [--days N] --permission ID [--permission ID] | revoke ID";

    private static readonly Viewer s_operator = Viewer.System("cirt token");

    public string Name => "token";

    public string Summary => "credentials of programs and peers: list, issue, revoke";

    public bool NeedsServices => true;

    public Task<int> RunAsync(VerbInput input, VerbOutput io, CancellationToken cancel) => input.Arguments.ToArray() switch
    {
        ["list"] => ListAsync(input.Services, io, cancel),
        ["issue", var name, .. var rest] => IssueAsync(input.Services, name, new(rest), io, cancel),
        ["revoke", var id] when Guid.TryParse(id, out var token) => RevokeAsync(input.Services, token, io, cancel),
        _ => throw new OperatorFault("The verb 'token' does not know that.", $"Given: {string.Join(' ', input.Arguments)}", Usage),
    };

    private static async Task<int> ListAsync(IServiceProvider services, VerbOutput io, CancellationToken cancel)
    {
        foreach (var token in (await services.GetRequiredService<ListTokens>().RunAsync(s_operator, default, cancel)).Value)
            await io.Out.WriteLineAsync($"{token.Id} {token.Name,-24} {token.Kind,-6} {token.UserName ?? $"peer {token.PeerId}"} {(token.RevokedAt is null ? $"until {token.ExpiresAt:yyyy-MM-dd}" : "revoked")}");
        return 0;
    }

    private static async Task<int> IssueAsync(IServiceProvider services, string name, Queue<string> rest, VerbOutput io, CancellationToken cancel)
    {
        var (kind, days, permissions) = (TokenKind.Bearer, 365, new List<Permission>());
        UserId? owner = null;
        PeerId? peer = null;
        while (rest.TryDequeue(out var option))
        {
            if (option == "--basic")
            {
                kind = TokenKind.Basic;
                continue;
            }
            if (!rest.TryDequeue(out var value))
                throw new OperatorFault("The token is not understood.", $"{option} has no value.", Usage);
            switch (option)
            {
                case "--user":
                    owner = (await services.GetRequiredService<UserStore>().FindByNameAsync(NameForm.Of(value), cancel))?.Id
                        ?? throw new OperatorFault("There is no such person.", $"Name: {value}", "Use: cirt user list");
                    break;
                case "--peer" when Guid.TryParse(value, out var id):
                    peer = new(id);
                    break;
                case "--days" when int.TryParse(value, CultureInfo.InvariantCulture, out days):
                    break;
                case "--permission":
                    permissions.Add(new(value));
                    break;
                default:
                    throw new OperatorFault("The token is not understood.", $"At: {option} {value}", Usage);
            }
        }
        var issued = UserVerb.Demand(await services.GetRequiredService<IssueToken>().RunAsync(s_operator, new(name, kind, permissions, TimeSpan.FromDays(days), peer, owner), cancel));
        await io.Out.WriteLineAsync($"{issued.Id} {issued.Name} until {issued.ExpiresAt:yyyy-MM-dd}");
        await io.Out.WriteLineAsync(issued.Secret);
        return 0;
    }

    private static async Task<int> RevokeAsync(IServiceProvider services, Guid id, VerbOutput io, CancellationToken cancel)
    {
        UserVerb.Demand(await services.GetRequiredService<RevokeToken>().RunAsync(s_operator, new(id), cancel));
        await io.Out.WriteLineAsync("revoked; it stops working within five seconds");
        return 0;
    }
}
