using Appliance.Contracts;
using Appliance.Kernel.Data;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Appliance.Kernel.Identity;

/// <summary>The services behind accounts.</summary>
internal static class AccountServices
{
    /// <summary>Registers what is needed to know and change accounts, in the host and in verbs alike.</summary>
    public static IServiceCollection AddAccounts(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("cirt");
        // The keys live with the data; without a data folder (describing only) nothing is protected.
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(s => new ConfigureOptions<KeyManagementOptions>(o =>
            o.XmlRepository = new FileSystemXmlRepository(Directory.CreateDirectory(Path.Combine(s.GetRequiredService<DataFolder>().Keys, "protection")), s.GetRequiredService<ILoggerFactory>())));
        services.AddIdentityCore<User>(o =>
        {
            o.User.AllowedUserNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._@+";
            o.Tokens.AuthenticatorTokenProvider = "totp";
        }).AddTokenProvider<TotpCodes>("totp");
        services.RemoveAll<IPasswordValidator<User>>();
        services.AddScoped<IPasswordValidator<User>, PasswordRules>();
        services.Replace(ServiceDescriptor.Singleton<ILookupNormalizer, NameForm>());
        services.Configure<PasswordHasherOptions>(o => o.IterationCount = 210_000);
        services.AddScoped<UserStore>();
        services.AddScoped<IUserStore<User>>(s => s.GetRequiredService<UserStore>());
        services.AddScoped<TotpCodes>();
        services.AddScoped<IPasskeyHandler<User>, PasskeyHandler<User>>();
        services.Configure<IdentityPasskeyOptions>(o =>
        {
            // The authenticator keeps the account and asks for finger, face or number: then it is two factors in one.
            o.ResidentKeyRequirement = "required";
            o.UserVerificationRequirement = "required";
            o.AttestationConveyancePreference = "none";
        });
        services.AddSingleton<PasskeyOffers>();
        services.AddScoped<RecentProof>();
        services.AddSingleton<AccountLimits>();
        services.AddScoped<AccountForms>();
        services.AddScoped<LogIn>();
        services.AddSingleton<RolePermissions>().AddSingleton<IStaff, Staff>();
        services.AddSingleton<Sessions>().AddSingleton<PersonNow>();
        services.AddSingleton<Tokens>();
        services.AddSingleton<LogInTries>();
        services.AddSingleton<OneTimeLinks>();
        services.AddSingleton<CookieNames>();
        services.AddSingleton<AddressLimit>();
        services.AddSingleton<LookAtLink>();
        services.AddScoped<LinkMail>();
        services.AddSingleton(s => new SetupLink(s.GetRequiredService<Data.Database>(), s.GetRequiredService<OneTimeLinks>()));
        return services;
    }
}
