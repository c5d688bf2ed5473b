// A PWM chip of two channels with nothing behind them. What is written to it in /sys goes through the kernel's own checks, and is read
// back there.
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pwm.h>
#include <linux/version.h>

static int apply(struct pwm_chip *chip, struct pwm_device *pwm, const struct pwm_state *state)
{
	return 0;
}

static const struct pwm_ops ops = {
	.apply = apply,
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	.owner = THIS_MODULE,
#endif
};

static int __init start(void)
{
	struct pwm_chip *chip;
	struct platform_device *device = platform_device_register_simple("pwm-sim", PLATFORM_DEVID_NONE, NULL, 0);

	if (IS_ERR(device))
		return PTR_ERR(device);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	chip = devm_kzalloc(&device->dev, sizeof(*chip), GFP_KERNEL);
	if (!chip)
		return -ENOMEM;
	chip->dev = &device->dev;
	chip->npwm = 2;
#else
	chip = devm_pwmchip_alloc(&device->dev, 2, 0);
	if (IS_ERR(chip))
		return PTR_ERR(chip);
#endif
	chip->ops = &ops;
	return pwmchip_add(chip);
}
module_init(start);

MODULE_DESCRIPTION("simulated PWM chip");
MODULE_LICENSE("GPL");
